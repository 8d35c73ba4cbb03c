export { arrayOf, bufferOf, failureOf, nameOf, numberOf, plainOf, scoredOf } from '../reading/replies';
