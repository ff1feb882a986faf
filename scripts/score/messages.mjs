// Leaves the words of an error alone: a message may change in any release (STABILITY.md), so no
// test may hold it. Its code and its details are mutated like everything else.

/** Functions that make errors, `coreError(code, message, details)` and the like. */
const MAKER = /^(?:core|mkvs|operation|stream|logPersistence)Error$/

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'messages',
    value: {
      shouldIgnore: (path) => (isMessage(path) ? 'the words of a message' : undefined),
    },
  },
]

function isMessage({ node, parent, key, listKey }) {
  if (parent?.type === 'VariableDeclarator') return key === 'init' && parent.id.name === 'message'
  if (listKey !== 'arguments' || !/^(?:StringLiteral|TemplateLiteral)$/.test(node.type)) {
    return false
  }
  if (parent.type === 'NewExpression')
    return key === 0 && parent.callee.name?.endsWith('Error') === true
  return key === 1 && MAKER.test(parent.callee?.name ?? '')
}
