export { Unavailable } from './unavailable.ts'
export { startFaultProxy, type Cut, type FaultProxy } from './fault-proxy.ts'
export { startGateway, type Gateway } from './start-gateway.ts'
export { startSwift } from './start-swift.ts'
export { createBucket, openTestEndpoint, type TestEndpoint } from './test-endpoint.ts'
export {
  cutCreate,
  cutDelete,
  cutLoser,
  cutReads,
  LONGEST_BYTES,
  type Tally,
  type Witnessed,
} from './network-cuts.ts'
export { race } from './race.ts'
