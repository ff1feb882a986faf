/**
 * Lets everything else that is ready run once: a write that was handed to the platform begins, then
 * the bytes are hashed while it runs.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}
