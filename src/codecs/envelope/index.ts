/** Bytes in their envelopes: compression, base64, serializers. */
export { type Base64Variant, type DecodedBase64, decodeBase64 } from './base64';
export {
  brotliBounded,
  type CompressionFormat,
  compressionByMagic,
  compressionByName,
  DEFAULT_MAX_BYTES,
  decompress,
  gunzipBounded,
  inflateBounded,
} from './compression';
export { EnvelopeError, type EnvelopeFault, type EnvelopeFormat } from './error';
export { type Identified, type IdentifyHints, identify, type Layer, type LayerName } from './identify';
export { parseKombuJson, untagKombu } from './kombu';
export { parseMsgpack } from './msgpack';
export { parseYaml } from './yaml';
