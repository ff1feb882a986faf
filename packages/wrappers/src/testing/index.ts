export { layerContract, type LayerSubject } from './layer-contract.ts'
