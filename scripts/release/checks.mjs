// What a rehearsal looks at, one line each, and the sum.

/** Collects checks; `finish` prints the sum and sets the exit code. */
export function checker() {
  const failures = []
  let count = 0
  return {
    /** Runs a check; what it throws is the failure, what it gives is shown. */
    check: async (subject, what, look) => {
      count += 1
      try {
        const seen = await look()
        process.stdout.write(
          `✓ ${subject.padEnd(34)} ${what}${seen === undefined ? '' : `: ${seen}`}\n`,
        )
      } catch (error) {
        failures.push(what)
        process.stdout.write(`✗ ${subject.padEnd(34)} ${what}\n${indent(error.message)}\n`)
      }
    },
    finish: () => {
      process.stdout.write(`${count - failures.length} of ${count} checks hold\n`)
      if (failures.length > 0) process.exitCode = 1
    },
  }
}

function indent(text) {
  return text.replaceAll(/^/gm, '    ')
}
