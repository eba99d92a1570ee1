# Models that are embedded into the library (src/encoder/builtin.c).
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/encoder/builtin.c PROPERTIES
  COMPILE_DEFINITIONS "PSH_MODELS_FOLDER=\"${CMAKE_SOURCE_DIR}/models\""
  OBJECT_DEPENDS "${CMAKE_SOURCE_DIR}/models/compact.safetensors")
