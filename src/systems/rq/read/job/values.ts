export { rendered } from '../../../reading/values';
