export { bytesOf, textOf } from '../reading/ids';
