import { describe, inject } from 'vitest'
import { describeContract } from './contract.ts'
import { postgresPlace } from './postgres-place.ts'

const server = inject('postgres')

describe.skipIf('missing' in server)('PostgreSQL', () => {
  if ('missing' in server) return
  // What could wait for a second connection, and so for ever.
  const nested = /function|updates at once|created once|several stores/
  const offers = ['crossProcess', 'durable', 'damage'] as const
  describeContract('PostgreSQL', { place: async () => postgresPlace(server) }, offers)
  describeContract('a pool of one', { place: async () => postgresPlace(server, 1) }, offers, nested)
})
