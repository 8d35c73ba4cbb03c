/** The part of seek-bzip 2.0 that is used; it comes without types. */
declare module 'seek-bzip' {
  const bunzip: {
    decode(input: Buffer, output: { writeByte(byte: number): void }, multistream: boolean): unknown;
  };
  export default bunzip;
}
