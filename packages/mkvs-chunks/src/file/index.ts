export { openFileCreator, type FileCreator, type FileCreatorOptions } from './file-creator.ts'
