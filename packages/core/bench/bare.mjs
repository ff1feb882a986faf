// The yardstick: a durable create by the bare calls, as one would write it in plain Node.
import { close, fdatasync, fsync, link, open, write } from 'node:fs'
import { promisify } from 'node:util'

const [closeFd, datasync, syncAll, linkName, openFile, writeTo] = [
  close,
  fdatasync,
  fsync,
  link,
  open,
  write,
].map((f) => promisify(f))

/** create + write + fdatasync + link + fsync of the directory. */
export async function bareCommit(dir, name, bytes) {
  const temporary = `${dir}/.${name}`
  const fd = await openFile(temporary, 'wx', 0o600)
  await writeTo(fd, bytes)
  await datasync(fd)
  await closeFd(fd)
  await linkName(temporary, `${dir}/${name}`)
  const dirFd = await openFile(dir, 'r')
  await syncAll(dirFd)
  await closeFd(dirFd)
}
