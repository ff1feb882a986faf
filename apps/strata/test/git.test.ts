import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { askGit, startGit, type GitPlace } from '../src/history/git.ts'
import { CLEAN } from './support/git.ts'

const place: GitPlace = { directory: tmpdir(), environment: CLEAN }

/** Arguments that make git run a shell script. */
function script(text: string): string[] {
  return ['-c', `alias.script=!f() { ${text}; }; f`, 'script']
}

describe('running git', () => {
  it('gives what it wrote, without the last line feed', async () => {
    expect(await askGit(place, script('printf "one\\ntwo\\n"'))).toEqual({
      ok: true,
      value: 'one\ntwo',
    })
  })

  it('knows what ended it although it warned a thousand times before', async () => {
    const noise =
      'i=0; while [ $i -lt 1000 ]; do echo "warning: something or other" >&2; i=$((i+1)); done'
    const failed = await askGit(
      place,
      script(`${noise}; echo "fatal: unable to read abc" >&2; exit 9`),
    )
    if (failed.ok) throw new Error('it should have failed')
    expect(failed.error.code).toBe('OBJECTS_MISSING')
    expect(failed.error.message).toContain('(fatal: unable to read abc)')
  })

  it('tells the exit and the words of a failure that it does not know', async () => {
    const failed = await askGit(place, script('echo "fatal: the moon is full" >&2; exit 7'))
    if (failed.ok) throw new Error('it should have failed')
    expect(failed.error.code).toBe('GIT_FAILED')
    expect(failed.error.details).toMatchObject({ exit: 7, message: 'fatal: the moon is full' })
  })

  it('throws at the end of the output, not before: what was written is read', async () => {
    const git = startGit(place, script('echo partial; exit 3'))
    git.input.end()
    let text = ''
    const read = async (): Promise<void> => {
      for await (const chunk of git.output) text += new TextDecoder().decode(chunk)
    }
    await expect(read()).rejects.toMatchObject({ code: 'GIT_FAILED' })
    expect(text).toBe('partial\n')
  })

  it('stops one that would go on for ever, and one that has ended', async () => {
    const git = startGit(place, script('while :; do echo more; done'))
    for await (const chunk of git.output) if (chunk.length > 0) break
    await git.stop()
    await git.stop()
  })

  it('does not hold an endless answer', async () => {
    const answer = await askGit(place, script('while :; do head -c 99999 /dev/zero; done'))
    expect(answer.ok ? undefined : answer.error.code).toBe('GIT_OUTPUT_UNKNOWN')
  })
})
