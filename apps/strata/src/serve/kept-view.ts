import type { Result } from '@tidemark/core'
import type { Failure } from '../errors.ts'
import { findStore, type StoreQuestion } from '../find-store.ts'
import { openToLook } from '../kept/open.ts'
import { LAYERS, refuserIn, remedyIn } from '../kept/refusal.ts'
import { loadReport } from '../kept/report.ts'
import { loadSettings } from '../kept/settings.ts'
import { logOf } from '../publish.ts'
import type { KeptItemView, KeptView, LayerView } from './live.ts'

/** Looks at the saved report and the settings; `undefined` where there is no store yet. */
export async function keptViewOf(question: StoreQuestion): Promise<KeptView | undefined> {
  const found = await findStore(question)
  if (!found.ok) return undefined
  const { store, repository } = found.value
  try {
    const { environment } = question
    const opened = await openToLook({ ...found.value, environment })
    if (!opened.ok) return viewOf(itemOf(opened), itemOf(opened))
    const kept = opened.value
    if (kept === undefined) return viewOf(NOTHING, NOTHING)
    const report = await loadReport(kept, logOf({ branch: repository?.branch }))
    const settings = await loadSettings(kept)
    await kept.close()
    const savedAt = report.ok ? { savedAt: report.value.savedAt.toISOString() } : {}
    return viewOf({ ...itemOf(report), ...savedAt }, itemOf(settings))
  } finally {
    await store.close()
  }
}

const NOTHING: KeptItemView = { state: 'none' }

function itemOf(loaded: Result<unknown, Failure>): KeptItemView {
  if (loaded.ok) return { state: 'genuine' }
  const { code, message } = loaded.error
  if (code === 'CHECKPOINT_NOT_FOUND') return NOTHING
  const [refusedBy, remedy] = [refuserIn(loaded.error), remedyIn(loaded.error)]
  return {
    state: 'refused',
    error: { code, message },
    ...(refusedBy === undefined ? {} : { refusedBy }),
    ...(remedy === undefined ? {} : { remedy }),
  }
}

/** Below the layers is the storage itself, which sees damage that took no care. */
const STACK: readonly (readonly [name: string, id: string])[] = [
  ...Array.from(LAYERS, ([id = '', name]) => [name, id] as const),
  ['storage', 'core'],
]

function viewOf(report: KeptItemView, settings: KeptItemView): KeptView {
  return { layers: layersAfter(report, settings), report, settings }
}

/** How far what was read came: from the medium up to who refused it, or to the value. */
function layersAfter(...items: readonly KeptItemView[]): LayerView[] {
  const refused = items.find(({ state }) => state === 'refused')
  const refuser = STACK.findIndex(([name]) => name === refused?.refusedBy)
  const isEmpty = items.every(({ state }) => state === 'none')
  return STACK.map(([name, id], index) => {
    if (isEmpty) return { name, id, state: 'nothing yet' }
    if (refused === undefined) return { name, id, state: 'passed' }
    if (refuser < 0 || index < refuser) return { name, id, state: 'not reached' }
    return { name, id, state: index === refuser ? 'refused' : 'passed' }
  })
}
