import type { Result } from '@tidemark/core'
import { strataError, type Failure } from '../errors.ts'
import { refuserIn } from '../kept/refusal.ts'
import { formatCount } from '../report/format.ts'
import type { ActView } from './chaos-view.ts'
import type { Told } from './scene.ts'

/** What an act finds; whether the digest is the right one is not for it to say. */
export type Found = Omit<ActView, 'act' | 'isSame'> & {
  /** The digest that it should come to, where that is not the untouched run's. */
  readonly expected?: string
}

/** How a run went on after it was harmed. */
export function goneOn({ started, result }: Told): Pick<Found, 'recovered' | 'digest'> {
  const { digest, commitsRead } = result
  const from =
    started?.epoch === undefined
      ? 'begun at the first commit'
      : `gone on from epoch ${started.epoch}, at commit ${formatCount(started.position)}`
  return { recovered: `${from}; ${formatCount(commitsRead)} commits read`, digest }
}

/** What was refused, and by which layer if one of them did. */
export interface Refused {
  readonly error: { readonly code: string; readonly message: string }
  readonly refusedBy: string | undefined
}

/** What was refused, for one of these reasons and no other. Throws when nothing was. */
export function refusal(
  tried: Result<unknown, Failure>,
  codes: readonly Failure['code'][],
): Refused {
  if (tried.ok) throw unseen('it was not refused')
  if (!codes.includes(tried.error.code)) throw tried.error
  const { code, message } = tried.error
  return { error: { code, message }, refusedBy: refuserIn(tried.error) }
}

/** The error for harm that nobody noticed. */
export function unseen(seen: string): Failure {
  return strataError('HARM_UNSEEN', `what was broken went unseen: ${seen}`, { seen })
}
