export { Unavailable } from './unavailable.ts'
export { startFaultProxy, type Cut, type FaultProxy } from './fault-proxy.ts'
export { startGateway, type Gateway } from './start-gateway.ts'
export { openTestEndpoint, type TestEndpoint } from './test-endpoint.ts'
