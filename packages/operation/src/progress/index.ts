export {
  terminalProgress,
  type ProgressOutput,
  type TerminalProgress,
  type TerminalProgressOptions,
} from './terminal-progress.ts'
