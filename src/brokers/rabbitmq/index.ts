/** RabbitMQ: connecting, looking, publishing, taking; the management API. The only folder that imports its driver. */

export { type ConnectedRabbit, connectRabbit, type RabbitConnectOptions } from './connect';
export { openSaved, republication, saveMessage } from './messages';
export * from './port';
export {
  formatRabbitUrl,
  isRabbitUrl,
  type ParsedRabbitUrl,
  parseRabbitUrl,
  type RabbitAddress,
  showRabbitAddress,
  splitManagementUrl,
  splitRabbitUrl,
} from './url';
