// A script of many steps; each leaves a line per execution in a file, and is then recorded.
import { appendFileSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import { runOperation } from '@tidemark/operation/file'

const [dir = '', effects = '', count = '0'] = process.argv.slice(2)
const onEvent = (event) => {
  if (event.type === 'leaseTaken') process.stdout.write('working\n')
}
const total = await runOperation({ dir, name: 'killed', onEvent }, async (ctx) => {
  let sum = 0
  for (let i = 0; i < Number(count); i++) {
    sum += await ctx.step(`step ${i}`, async ({ idempotencyKey }) => {
      appendFileSync(effects, `${i} ${idempotencyKey}\n`)
      process.stdout.write(`ran ${i}\n`)
      await new Promise((resolve) => setTimeout(resolve, 2))
      return i
    })
  }
  return sum
})
process.stdout.write(`result ${unwrap(total)}\n`)
