/* format_vtu.h : what the arrays of TTK's persistence diagrams are called, for reader and writer. */
#ifndef PSH_DIAGRAM_FORMAT_VTU_H
#define PSH_DIAGRAM_FORMAT_VTU_H

/* TTK's own: one value a cell (a pair), or a point (an end of a pair). */
#define PSH__VTU_PAIR_ID "PairIdentifier" /* -1: the diagonal, drawn as a cell */
#define PSH__VTU_PAIR_TYPE "PairType"     /* homology dimension */
#define PSH__VTU_BIRTH "Birth"
#define PSH__VTU_DEATH "Death" /* not in what TTK writes today */
#define PSH__VTU_PERSISTENCE "Persistence"
#define PSH__VTU_IS_FINITE "IsFinite" /* 0: an essential class */
#define PSH__VTU_VERTEX "ttkVertexScalarField"
#define PSH__VTU_CRITICAL_TYPE "CriticalType"
#define PSH__VTU_COORDINATES "Coordinates"

/* Several diagrams side by side, as TTK's clustering wrote them. */
#define PSH__VTU_DIAGRAM "ID of Diagram"
#define PSH__VTU_CLUSTER "ID of Cluster"

/* Ours, in the field data: of each diagram, so that empty ones count; of each class; one text of JSON. */
#define PSH__VTU_LABELS "DiagramLabels"
#define PSH__VTU_NAMES "DiagramNames"
#define PSH__VTU_LABEL_NAMES "LabelNames"
#define PSH__VTU_METADATA "Metadata"

#endif
