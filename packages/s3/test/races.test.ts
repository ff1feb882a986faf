import { race } from '@tidemark/gateway'
import { it } from 'vitest'
import { describeServer, freshPrefix, openServer } from './support.ts'

/** The long run has 10 000. */
const ROUNDS = 200

describeServer('32 writers of one name', () => {
  it(`have one winner each time, ${ROUNDS} times`, { timeout: 120_000 }, async () => {
    const prefix = freshPrefix()
    const stores = await Promise.all([openServer({ prefix }), openServer({ prefix })])
    for (let round = 0; round < ROUNDS; round++) await race(stores, `round-${round}`)
  })
})
