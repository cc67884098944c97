/**
 * Reports every way to the content of a private or secret value (lib/domain/visibility.ts) outside the files that the
 * configuration lists: `value.open()`, with or without the call, by a computed name, by taking the value apart, through a type
 * parameter, a union or a mapped type, by `Reflect`, and through a type of another name that a sealed value fits.
 */
const DECLARED_IN = "/lib/domain/visibility.ts";
const NAME = "open";

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
    const checker = services.program.getTypeChecker();

    /** Whether a type's `open` is, or could be, that of a sealed value. */
    function opens(type) {
      const known = checker.getBaseConstraintOfType(type) ?? type;
      if (known.isUnionOrIntersection()) return known.types.some(opens);
      const property = checker.getPropertyOfType(known, NAME);
      const declarations = property?.declarations ?? [];
      if (declarations.some((declaration) => declaration.getSourceFile().fileName.endsWith(DECLARED_IN))) return true;
      // Also a type of one's own that has no more than this of a sealed value lets one in.
      return declarations.some((declaration) => isOurs(declaration.getSourceFile())) && givesContent(checker.getTypeOfSymbol(property));
    }

    const isOurs = (file) => !services.program.isSourceFileDefaultLibrary(file) && !file.fileName.includes("/node_modules/");

    /** Callable without arguments, and with a result. */
    function givesContent(type) {
      const isVoid = (result) => ["void", "undefined", "never"].includes(checker.typeToString(result));
      return type.getCallSignatures().some((signature) => signature.parameters.length === 0 && !isVoid(signature.getReturnType()));
    }

    /** Whether an expression in brackets, or a member's key, can say `open`. */
    function saysOpen(node, isComputed) {
      if (!isComputed) return node.name === NAME || node.value === NAME;
      const type = services.getTypeAtLocation(node);
      return (type.isUnion() ? type.types : [type]).some((one) => one.isStringLiteral() && one.value === NAME);
    }

    const report = (node) => context.report({ node, messageId: "open" });
    return {
      MemberExpression(node) {
        if (saysOpen(node.property, node.computed) && opens(services.getTypeAtLocation(node.object))) report(node);
      },
      "ObjectPattern > Property"(node) {
        if (!saysOpen(node.key, node.computed)) return;
        const pattern = node.parent;
        // In an assignment the compiler takes the pattern for a literal; what is taken apart stands on the other side.
        const from = pattern.parent.type === "AssignmentExpression" ? pattern.parent.right : pattern;
        if (opens(services.getTypeAtLocation(from))) report(node);
      },
      'CallExpression[callee.type="MemberExpression"][callee.object.name=/^(Reflect|Object)$/]'(node) {
        const [target, key] = node.arguments;
        if (target !== undefined && key !== undefined && saysOpen(key, true) && (node.callee.object.name === "Reflect" || opens(services.getTypeAtLocation(target)))) report(node);
      },
    };
  },
};
