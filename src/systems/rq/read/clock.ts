export { clockOf } from '../../reading/clock';
