/** Pure functions that turn values into the product's texts; one place for tree, panels, documents and messages. */
export { cutText, oneLine, shortId, shortTask } from './name';
export { formatCount, formatNarrowCount, formatNumber, formatRate, formatSize } from './number';
export {
  formatDate,
  formatDuration,
  formatExact,
  formatFuture,
  formatPast,
  formatSpan,
  isOverdue,
  spokenDuration,
  spokenPast,
  type TimeOptions,
} from './time';
export { counted, fill, fillText, joined, plural, stateWord, type Words } from './words';
