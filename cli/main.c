/* main.c : the tool. Commands in the order of the pipeline; each lives in cmd_<verb>.c. */
#include "cli.h"

extern const cli_command cmd_diagram, cmd_convert, cmd_synth, cmd_vector, cmd_train, cmd_encode, cmd_distance,
    cmd_similarity, cmd_cluster, cmd_embed, cmd_score, cmd_report, cmd_demo, cmd_info, cmd_help;

const cli_command *const cli_commands[] = {
    &cmd_diagram, &cmd_convert, &cmd_synth, &cmd_vector, &cmd_train, &cmd_encode, &cmd_distance, &cmd_similarity,
    &cmd_cluster, &cmd_embed,   &cmd_score, &cmd_report, &cmd_demo,  &cmd_info,   &cmd_help,     0};

int main(int argc, char **argv) {
    return cli_main(argc, argv);
}
