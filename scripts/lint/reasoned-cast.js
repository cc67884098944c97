/** Reports a type assertion without a comment on its line or on the line above: a cast says what the compiler can't see, so it says why. */
export default {
  meta: {
    type: "problem",
    schema: [],
    messages: { reason: "A cast needs its reason in a comment on this line or the one above." },
  },
  create(context) {
    const lines = new Set();
    for (const comment of context.sourceCode.getAllComments()) {
      for (let line = comment.loc.start.line; line <= comment.loc.end.line; line++) lines.add(line);
    }
    /** Where the statement around a node begins: a comment above it counts for all of its lines. */
    const statementStart = (node) => {
      let at = node;
      while (at.parent && !/(Statement|Declaration|Definition|Property)$/.test(at.type)) at = at.parent;
      return at.loc.start.line;
    };
    const check = (node) => {
      const isConst = node.typeAnnotation.type === "TSTypeReference" && node.typeAnnotation.typeName.name === "const";
      // `x as readonly string[]` and `x as unknown` only forget something.
      const widens = node.typeAnnotation.type === "TSUnknownKeyword" || (node.typeAnnotation.type === "TSTypeOperator" && node.typeAnnotation.operator === "readonly");
      if (isConst || widens) return;
      const places = [node.loc.start.line, node.loc.start.line - 1, statementStart(node), statementStart(node) - 1];
      if (!places.some((line) => lines.has(line))) context.report({ node, messageId: "reason" });
    };
    return { TSAsExpression: check, TSTypeAssertion: check };
  },
};
