import { describe, inject } from 'vitest'
import { describeContract } from './contract.ts'
import { mariadbPlace } from './mariadb-place.ts'

const server = inject('mariadb')

describe.skipIf('missing' in server)('MariaDB', () => {
  if ('missing' in server) return
  // What could wait for a second connection, and so for ever.
  const nested = /function|updates at once|created once|several stores/
  const offers = ['crossProcess', 'durable', 'damage'] as const
  describeContract('MariaDB', { place: () => mariadbPlace(server) }, offers)
  describeContract('a pool of one', { place: () => mariadbPlace(server, 1) }, offers, nested)
})
