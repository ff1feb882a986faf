/** One line of `strace -f`: the thread, the call, its arguments, its result, the error if any. */
const LINE = /^\d+\s+(\w+)\((.*)\)\s+= -?\d+(?:<.*>)?(?: (E[A-Z0-9]+) .*)?$/u
const UNFINISHED = /^(\d+)\s+(.*) <unfinished \.\.\.>$/u
const RESUMED = /^(\d+)\s+<\.\.\. \w+ resumed>(.*)$/u

/**
 * Reads the log of `strace -f -y -e trace=%file,%desc` into the form that {@link systemCalls}
 * gives: the calls on paths below `directory`, in the order in which they returned.
 *
 * What the C library does by itself while it lists a directory (`newfstatat`, the second
 * `getdents64`) is left out.
 */
export function systemCallsOfStrace(log: string, directory: string): string[] {
  return joinLines(log)
    .flatMap(parseLine)
    .filter((call) => call.paths.some((path) => path.startsWith(`${directory}/`)))
    .map(({ text }) => text)
    .filter((text, index, all) => !text.startsWith('getdents64') || text !== all[index - 1])
}

/** A call that another thread interrupted is logged in two lines: puts them together. */
function joinLines(log: string): string[] {
  const begun = new Map<string, string>()
  return log.split('\n').flatMap((line) => {
    const [, thread, start] = UNFINISHED.exec(line) ?? []
    if (thread !== undefined && start !== undefined) {
      begun.set(thread, start)
      return []
    }
    const [, again, rest] = RESUMED.exec(line) ?? []
    return again === undefined ? [line] : [`${again} ${begun.get(again) ?? ''}${rest ?? ''}`]
  })
}

interface TracedCall {
  readonly paths: readonly string[]
  readonly text: string
}

function parseLine(line: string): TracedCall[] {
  const [, call, given, error] = LINE.exec(line) ?? []
  if (call === undefined || given === undefined || call === 'newfstatat') return []
  // `AT_FDCWD</here>` is no path of the call.
  const text = given.replace(/^AT_FDCWD<[^>]*>, /u, '')
  const onHandle = /^\d+<([^>]*)>/u.exec(text)?.[1]
  const paths =
    onHandle === undefined ? [...text.matchAll(/"([^"]*)"/gu)].map(([, p]) => p ?? '') : [onHandle]
  const words = [call, ...flagsOf(call, text), ...paths, ...rangeOf(call, text)]
  return [{ paths, text: words.join(' ') + (error === undefined ? '' : ` = ${error}`) }]
}

function flagsOf(call: string, given: string): string[] {
  if (call !== 'openat') return []
  return ['O_EXCL', 'O_DIRECTORY'].filter((flag) => given.includes(flag))
}

function rangeOf(call: string, given: string): string[] {
  if (call !== 'pread64' && call !== 'pwrite64') return []
  const [, lengthBytes, position] = /, (\d+), (\d+)$/u.exec(given) ?? []
  return [`${position}+${lengthBytes}`]
}
