/** Reports `x.open()` where x is a private or secret value (lib/domain/visibility.ts), outside the files that the configuration lists. */
const SEALED = new Set(["Private", "Secret", "Sealed", "SealedValue"]);

export default {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      open: "A private or secret value is opened only in the files that eslint.config.js lists, each with its reason.",
    },
  },
  create(context) {
    // Set because the configuration asks for types (projectService).
    const services = context.sourceCode.parserServices;
    const isSealed = (type) =>
      type.isUnionOrIntersection()
        ? type.types.some(isSealed)
        : SEALED.has(type.aliasSymbol?.name ?? "") || SEALED.has(type.getSymbol()?.name ?? "");
    return {
      // Also without a call: `const { open } = value` and `value["open"]` are ways to the same thing.
      MemberExpression(node) {
        const name = node.computed ? (node.property.type === "Literal" ? node.property.value : null) : node.property.name;
        if (name === "open" && isSealed(services.getTypeAtLocation(node.object))) context.report({ node, messageId: "open" });
      },
      "ObjectPattern > Property"(node) {
        if (node.key.name === "open" && isSealed(services.getTypeAtLocation(node.parent))) context.report({ node, messageId: "open" });
      },
    };
  },
};
