/* SPDX-License-Identifier: MIT
 * persihash.h : the manual.
 *
 * persihash turns images, fields, point clouds, distance matrices and meshes into persistence diagrams, diagrams into
 * short binary codes, and compares codes by Hamming distance, such that the Hamming distance tracks the 1-Wasserstein
 * distance of the diagrams. All pairs of 10,000 diagrams take milliseconds.
 *
 *   input  -->  homology  -->  diagram  -->  vector  -->  encoder  -->  code  -->  distance  -->  cluster  -->  report
 *
 * One header per stage; the stage's word is the prefix of its functions. Levels, from a first program to full control:
 *   1. psh_input_open, psh_diagrams_compute, psh_compact_fit, psh_model_encode, psh_hamming_condensed_u8: images to
 * distances (examples/quickstart.c).
 *   2. Files: psh_diagrams_read/write, psh_codes_read/write, psh_distances_read/write, psh_clusters_read/write: all
 * open in NumPy. More of them than the memory holds: psh_diagrams_compute_file, psh_distances_wasserstein.
 *   3. One pair, one item: psh_wasserstein_pair, psh_homology_compute, psh_cubical_compute.
 *
 * Ownership: what a function returns through `dst` of an opaque type is the caller's, to free with its _free();
 * _free(NULL) is fine. Arrays whose size is known beforehand are allocated by the caller. Objects are immutable to the
 * library while it reads them: a const object may be used by many threads. There is no global state. n_threads = 0
 * means all threads of the process; no result depends on it. */
#ifndef PERSIHASH_PERSIHASH_H
#define PERSIHASH_PERSIHASH_H

#include "base.h"
#include "cluster.h"
#include "code.h"
#include "diagram.h"
#include "distance.h"
#include "encoder.h"
#include "homology.h"
#include "input.h"
#include "report.h"
#include "score.h"
#include "status.h"
#include "transport.h"
#include "vector.h"

#endif
