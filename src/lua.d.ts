declare module '*.lua' {
  /** The script's text. */
  const text: string;
  export default text;
}
