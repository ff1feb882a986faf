// The original's way to save, in plain Node: checksum, state file, manifest, pointer: six syncs.
import { createHash } from 'node:crypto'
import { mkdir, open, rename, writeFile } from 'node:fs/promises'

async function synced(path) {
  const file = await open(path, 'r+')
  await file.sync()
  await file.close()
}

async function syncDirectory(path) {
  const directory = await open(path, 'r')
  await directory.sync()
  await directory.close()
}

/** save_with_state: stamp, state.bin (2 syncs), manifest.json (2), latest.txt (2). */
export async function originalSave(base, id, manifestText, chunks) {
  const checksum = createHash('sha256')
  for (const chunk of chunks) checksum.update(chunk)
  const stamped = manifestText.replace('CHECKSUM', checksum.digest('hex'))
  const name = `checkpoint_${String(id).padStart(6, '0')}`
  const dir = `${base}/checkpoints/${name}`
  await mkdir(dir, { recursive: true })
  const state = await open(`${dir}/state.bin.tmp`, 'w')
  for (const chunk of chunks) await state.write(chunk)
  await state.sync()
  await state.close()
  await rename(`${dir}/state.bin.tmp`, `${dir}/state.bin`)
  await syncDirectory(dir)
  await writeFile(`${dir}/manifest.json.tmp`, stamped)
  await synced(`${dir}/manifest.json.tmp`)
  await rename(`${dir}/manifest.json.tmp`, `${dir}/manifest.json`)
  await syncDirectory(dir)
  await writeFile(`${base}/checkpoints/latest.txt.tmp`, name)
  await synced(`${base}/checkpoints/latest.txt.tmp`)
  await rename(`${base}/checkpoints/latest.txt.tmp`, `${base}/checkpoints/latest.txt`)
  await syncDirectory(`${base}/checkpoints`)
}
