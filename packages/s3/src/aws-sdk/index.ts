export { awsSdkClient, type AwsSdkOptions } from './aws-sdk-client.ts'
