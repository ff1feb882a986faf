// What a browser runs: the same as `program.mjs` for the portable entries, told to whoever asks.
import { portableCases, runCases } from './portable-cases.mjs'

globalThis.runAll = async () => {
  const told = []
  for (const [name, cases] of Object.entries(portableCases))
    told.push({ name, ...(await runCases(cases)) })
  return told
}
