export * from './proof.ts'
export * from './prove.ts'
export { MAX_PROOF_DEPTH, verifyProof, type ProvenTree, type VerifyOptions } from './verify.ts'
