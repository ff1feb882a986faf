// pnpm bench mkvs-chunks [--full]: what a checkpoint costs, beside the original where it can be
// built (see ../interop), and how much memory it takes from and to a database on a disk.
import { memory } from './memory.mjs'
import { speeds } from './speeds.mjs'

const isFull = process.argv.includes('--full')
await speeds(isFull ? [10_000, 100_000, 1_000_000] : [10_000, 100_000])
await memory(isFull ? [250_000, 1_000_000] : [50_000, 200_000])
