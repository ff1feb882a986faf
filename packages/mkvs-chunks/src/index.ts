export { EMPTY_HASH } from './tree/node.ts'
export { Tree } from './tree/tree.ts'
