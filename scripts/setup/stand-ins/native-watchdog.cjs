'use strict';
/** Stands in for native-watchdog, which ends a process when its parent has died. The tests end the whole group. */
exports.start = () => {};
/** @param {number} [code] */
exports.exit = code => process.exit(code ?? 0);
