/** Why there is no gateway on this machine: no package manager, no network, another system. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}
