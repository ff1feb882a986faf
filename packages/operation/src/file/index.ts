export {
  openOperation,
  type OpenDirectoryOptions,
  type ReadDirectoryOptions,
} from './open-operation.ts'
export { runOperation, type RunDirectoryOptions } from './run-operation.ts'
export { exportCloudeng, type ExportReport } from './export-cloudeng.ts'
export { importCloudeng, type ImportReport } from './import-cloudeng.ts'
