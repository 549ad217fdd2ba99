#!/bin/bash
#SBATCH --constraint="a100|h100" --gpus=2
#SBATCH --exclude=node[07-09]
#SBATCH --qos=high --time=UNLIMITED
./run.sh
