import { packageTests } from '@tidemark/test-setup'

export default packageTests()
