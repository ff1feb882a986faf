// pnpm bench wrappers [--full]: what each layer costs beside the platform's own code on the same
// bytes, and how memory stays on a long stream. Needs the built package.
import { parseArgs } from 'node:util'
import { layers } from './layers.mjs'
import { streams } from './streams.mjs'
import { stacks } from './stacks.mjs'

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false } } })
// First, while this process has not been large yet.
await streams(values.full ? 2 ** 30 : 2 ** 28)
await layers()
await stacks()
