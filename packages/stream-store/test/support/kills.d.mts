/** Kills so many saving processes in turn. */
export function killInTurn(
  layout: string,
  kills: number,
  seed: number,
): Promise<{ readonly violations: string[]; readonly acknowledged: number }>
