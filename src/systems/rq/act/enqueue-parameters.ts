export {
  countOf,
  countsOf,
  durationOf,
  flagOf,
  instantOf,
  secondsOf,
  textOfParameter,
} from '../../acting/parameters';
