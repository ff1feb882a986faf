/** What the name of a checkpoint file of the Go package says. */
export interface CloudengName {
  readonly number: number
  readonly label: string
}

/** Eight digits or more, a label, `.chk`. */
const NAME = /^(?<digits>[0-9]{8,15})(?<label>.*)\.chk$/su

/**
 * Reads the name of a file that `cloudeng.io/file/checkpoint` wrote; `undefined` for any other.
 *
 * The number has eight digits, more from 100 000 000 on, and nothing parts it from the label. So
 * after a leading zero the ninth digit belongs to the label.
 */
export function parseCloudengName(name: string): CloudengName | undefined {
  const { digits = '', label = '' } = NAME.exec(name)?.groups ?? {}
  if (digits === '') return undefined
  if (digits.startsWith('0') && digits.length > 8) {
    return { number: Number(digits.slice(0, 8)), label: digits.slice(8) + label }
  }
  return { number: Number(digits), label }
}

/** The name of a checkpoint file. */
export function cloudengName({ number, label }: CloudengName): string {
  return `${String(number).padStart(8, '0')}${label}.chk`
}
