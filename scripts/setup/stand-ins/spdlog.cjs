'use strict';
/**
 * Stands in for @vscode/spdlog, a native module, in the browser workbench: writes each line to its file at once.
 * Without it no output channel and no log reaches the disk, and tests could not read them.
 * The exports are assigned one by one, since an `import()` of this file sees only names that a scan can find.
 */
const fs = require('node:fs');
const path = require('node:path');

const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];

class Logger {
  /** @param {string} _kind @param {string} _name @param {string} file */
  constructor(_kind, _name, file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    this.file = file;
    this.level = 2;
    this.bare = false;
  }
  /** @param {number} level @param {string} text */
  write(level, text) {
    if (level < this.level) return;
    const head = `${new Date().toISOString().replace('T', ' ').replace('Z', '')} [${LEVELS[level]}] `;
    fs.appendFileSync(this.file, this.bare ? text : `${head}${text}\n`);
  }
  /** @param {string} text */
  trace(text) {
    this.write(0, text);
  }
  /** @param {string} text */
  debug(text) {
    this.write(1, text);
  }
  /** @param {string} text */
  info(text) {
    this.write(2, text);
  }
  /** @param {string} text */
  warn(text) {
    this.write(3, text);
  }
  /** @param {string} text */
  error(text) {
    this.write(4, text);
  }
  /** @param {string} text */
  critical(text) {
    this.write(5, text);
  }
  getLevel() {
    return this.level;
  }
  /** @param {number} level */
  setLevel(level) {
    this.level = level;
  }
  setPattern() {
    this.bare = false;
  }
  clearFormatters() {
    this.bare = true;
  }
  flush() {}
  drop() {}
}

exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
/** @param {string} name @param {string} file */
exports.createRotatingLogger = async (name, file) => new Logger('rotating', name, file);
/** @param {string} name @param {string} file */
exports.createAsyncRotatingLogger = async (name, file) => new Logger('rotating_async', name, file);
