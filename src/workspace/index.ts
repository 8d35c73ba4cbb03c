/** The open folder and this machine: compose files, brokers that files name, Python requirements, processes. */

export { type FolderFiles, LIMITS, nodeFiles } from './files';
export { diagnoseFolder } from './rules';
export { createSurroundings, type SurroundingsOptions } from './surroundings';
export { type Alternative, explainUnreachable } from './unreachable';
