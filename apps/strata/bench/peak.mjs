// Loaded before a command: says how much memory it took at most.
process.on('exit', () => {
  process.stderr.write(`peak ${process.resourceUsage().maxRSS * 1024}\n`)
})
